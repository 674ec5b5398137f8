// One cell of the page: its buttons, its editor, and the place of what it prints.
import { same } from "./compare.js";
import { keep, kept } from "./kept.js";
import { make } from "./make.js";
import { printed, render } from "./output.js";

const OPEN = "..."; // what an exercise leaves to the reader
const KEYS = `${navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl"}+Enter runs, Esc leaves the editor.`;

export class Cell {
  ran = null; // {text, saw} of its last run in this Python; `saw`: the texts of what it needed
  isRunning = false;

  constructor(root, index, page) {
    this.root = root;
    this.index = index;
    this.name = `cell ${index + 1}`; // as the copy button calls it
    this.page = page;
    this.input = root.querySelector(".cell_input");
    this.stored = root.querySelector(":scope > .cell_output");
    this.book = this.input.querySelector("pre").textContent.replace(/\n$/, "");
    this.key = `live ${page.name} ${index} ${this.book}`; // an edit is of this code alone
    this.text = kept(this.key) ?? this.book;
    this.shows = this.book; // the code whose output stands below
    this.isExercise =
      !root.closest(".solution") && /\bcheck_answer\(/.test(this.book) && this.book.includes(OPEN);
    this.#addButtons();
    this.#addPlace();
    root.classList.add("live-cell");
    root.classList.toggle("live-exercise", this.isExercise);
    this.#refresh();
    if (this.isChanged) this.#open();
  }

  get isChanged() {
    return this.text !== this.book;
  }

  async edit() {
    const fold = this.root.querySelector(":scope > details");
    if (fold) fold.open = true;
    await this.#open();
    this.editor?.focus(this.isExercise && !this.isChanged ? OPEN : "");
  }

  // Put code and output back as the book has them. What ran stays in Python's memory.
  reset() {
    this.editor?.close();
    this.editor = this.opening = null;
    this.editing?.remove();
    this.input.classList.remove("live-editing");
    this.text = this.book;
    keep(this.key, null);
    this.forget();
    this.page.markStale();
    this.#refresh();
    this.runButton.focus();
  }

  // Drop what a run left here.
  forget() {
    this.hasRun = false;
    this.shows = this.book;
    this.say("");
    this.#replace([], "");
    this.#refresh();
  }

  begin() {
    this.isRunning = true;
    this.hasPrinted = false;
    this.sent = this.text;
    this.#refresh();
  }

  end() {
    this.isRunning = false;
    this.#refresh();
  }

  // What it prints while it runs.
  print(text) {
    this.hasPrinted = true;
    this.shows = this.sent;
    this.#replace([printed(text).element], "");
    this.#refresh();
  }

  // Show what came out; return the words that tell it by ear. `compare`: it is the same each time.
  // `isTheBooks`: no code was changed, so a claim fails by the order of this Python's sums.
  show(result, { compare, again, isTheBooks }) {
    const { elements, text, picture } = render(result, this.page.askFrame, isTheBooks);
    const stored = [...(this.stored?.querySelectorAll("pre") ?? [])].map((pre) => pre.textContent).join("\n");
    const equal = same(text, stored);
    this.hasRun = true;
    this.shows = this.sent;
    if (result.error) {
      this.#replace(elements, "");
    } else if (this.isExercise) {
      this.#replace(elements, "", false);
    } else if (equal && !picture) {
      this.#replace([], this.#whatIsTheSame(text));
    } else {
      this.#replace(elements, this.#whatDiffers(picture && equal, compare, again && !this.isChanged));
    }
    this.#refresh();
    return result.error ? `error: ${result.error.message}` : `done. ${text.trim().split("\n").pop()}`.trim();
  }

  // A sentence below the code, with buttons: [words, act] each.
  say(text, ...offers) {
    const buttons = offers.map(([words, act]) => {
      const onclick = () => { this.runButton.focus(); this.say(""); act(); };
      return make("button", { type: "button", className: "live-button", onclick }, words);
    });
    this.state.replaceChildren(text, ...buttons);
    this.state.hidden = !text;
  }

  set isStale(stale) {
    this.output.classList.toggle("live-stale", stale);
    if (stale) {
      this.say("Stale: code above has changed.", ["Run to here again", () => this.page.run(this, { anew: true })]);
    } else if (this.wasStale) {
      this.say("");
    }
    this.wasStale = stale;
  }

  #whatIsTheSame(text) {
    if (text) return "Ran here: the same as the book's.";
    return /^claim\(/m.test(this.text) ? "Ran here: every claim holds." : "Ran here: it prints nothing.";
  }

  #whatDiffers(isOnlyAPicture, compare, again) {
    if (isOnlyAPicture) return "Drawn in this page.";
    if (!compare) return "Ran here: this differs from run to run.";
    return `Differs from the book's.${again ? " A second run goes on from where the first ended." : ""}`;
  }

  async #open() {
    try {
      await (this.opening ??= this.#openEditor());
    } catch (error) {
      this.opening = null;
      this.say(error.message);
    }
    this.#refresh();
  }

  async #openEditor() {
    const { edit } = await this.page.editor();
    if (!this.opening) return; // put back meanwhile
    const hint = make("p", { className: "live-hint" }, KEYS);
    this.editing = make("div", { className: "live-editor highlight" });
    this.input.append(this.editing);
    this.input.classList.add("live-editing");
    this.editor = edit({
      parent: this.editing,
      text: this.text,
      name: `Code of ${this.name}`,
      change: (text) => {
        this.text = text;
        keep(this.key, this.isChanged ? text : null);
        this.#refresh();
        this.page.markStale();
      },
      run: () => this.page.run(this),
      leave: () => this.runButton.focus(),
    });
    this.editing.append(hint);
  }

  #addButtons() {
    const button = (words, onclick, look = "") =>
      make("button", { type: "button", className: `live-button ${look}`, "aria-label": `${words} ${this.name}`, onclick }, words);
    this.runButton = button("Run", () => (this.isRunning ? this.page.stop() : this.page.run(this)), "live-run");
    this.editButton = button(this.isExercise ? "Try it" : "Edit", () => this.edit(), "live-edit");
    this.resetButton = button("Reset", () => this.reset());
    const onclick = () => { this.page.restart(); this.runButton.focus(); };
    this.restartButton = make("button", { type: "button", className: "live-button live-restart", onclick }, "Restart");
    this.bar = make("div", { className: "live-bar" }, this.runButton, this.editButton, this.resetButton, this.restartButton);
    // After the code: as one reads it, and where a thumb is.
    (this.root.querySelector(":scope > details") ?? this.input).after(this.bar);
  }

  #addPlace() {
    this.state = make("p", { className: "live-state", hidden: true });
    this.output = make("div", { className: "cell_output docutils container live-output", hidden: true });
    this.mark = make("p", { className: "live-mark", hidden: true });
    this.note = make("p", { className: "live-note", hidden: true }, "Your change has not run yet.");
    this.bar.after(this.state);
    this.root.append(this.mark, this.note);
    // Before a stored figure, whose caption stays; else after what it stands for.
    if (this.stored?.querySelector("figcaption")) this.stored.before(this.output);
    else this.mark.before(this.output);
  }

  // Show elements in place of the stored output; with none, the stored output stays.
  #replace(elements, mark, offerStored = true) {
    this.output.replaceChildren(...elements);
    this.output.hidden = !elements.length;
    const hides = elements.length && this.stored;
    this.stored?.classList.toggle("live-replaced", Boolean(hides));
    this.mark.replaceChildren(mark, ...(hides && offerStored ? [this.#storedButton()] : []));
    this.mark.hidden = !this.mark.hasChildNodes() || !this.mark.textContent;
  }

  #storedButton() {
    const button = make("button", { type: "button", className: "live-button" });
    const show = (isShown) => {
      this.stored.classList.toggle("live-replaced", !isShown);
      this.output.hidden = isShown;
      button.textContent = isShown ? "Show this page's" : "Show the book's";
    };
    button.onclick = () => show(this.stored.classList.contains("live-replaced"));
    show(false);
    return button;
  }

  #refresh() {
    const [words, look] = this.isRunning ? ["Stop", true] : ["Run", false];
    this.runButton.textContent = words;
    this.runButton.setAttribute("aria-label", `${words} ${this.name}`);
    this.runButton.classList.toggle("live-stop", look);
    this.editButton.hidden = Boolean(this.editor);
    this.resetButton.hidden = !this.editor && !this.hasRun && !this.isChanged;
    this.restartButton.hidden = !this.hasRun;
    const isOld = this.text !== this.shows;
    this.note.hidden = !isOld || this.isRunning;
    this.root.classList.toggle("live-changed", isOld);
    this.root.classList.toggle("live-old", isOld || (this.isRunning && !this.hasPrinted));
    this.root.classList.toggle("live-active", this.isRunning || Boolean(this.editor) || Boolean(this.hasRun) || this.isChanged);
    this.root.setAttribute("aria-busy", Boolean(this.isRunning));
  }
}
