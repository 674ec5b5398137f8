// A choice is checked here, in the page: nothing is stored, and nothing is sent.
{
  // The counterpart of sealed() in book/_ext/quiz.py: against eyes, not against attackers.
  const open = (sealed, seed) => {
    const bytes = Uint8Array.from(atob(sealed), (letter) => {
      seed = (seed * 16807) % 2147483647;
      return letter.charCodeAt(0) ^ (seed & 255);
    });
    return new TextDecoder().decode(bytes);
  };

  const check = async (form, verdict) => {
    const chosen = form.querySelector(":checked");
    if (!chosen) {
      verdict.textContent = "Choose an answer first.";
      return;
    }
    const text = open(chosen.dataset.sealed, Number(chosen.value));
    const right = text[0] === "1";
    verdict.ariaBusy = "true"; // read aloud when its formulas are set
    verdict.className = right ? "quiz-right" : "quiz-wrong";
    verdict.innerHTML = `<strong>${right ? "Right." : "Not this one."}</strong> ${text.slice(1)}`;
    await window.MathJax?.typesetPromise?.([verdict]);
    verdict.ariaBusy = "false";
  };

  for (const form of document.querySelectorAll(".quiz")) {
    const verdict = form.querySelector("[role=status]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      check(form, verdict);
    });
    form.addEventListener("change", () => {
      verdict.replaceChildren();
      verdict.removeAttribute("class");
    });
  }
}
