// A host shows 404.html under the address that was asked for, however deep. Whichever copy of this
// script's tag finds it knows where the site's root is, and all later links start from there.
if (!document.querySelector("base")) {
  const base = document.createElement("base");
  base.href = new URL("../404.html", document.currentScript.src);
  document.head.prepend(base);
}
