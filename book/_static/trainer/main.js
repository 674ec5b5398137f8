// Starts each trainer of a page. The same file, bundled by book/_ext/trainer.py, is their worker.
import { serve } from "./engine.js";
import { Trainer } from "./trainer.js";

if (self.document) {
  const script = document.currentScript.src;
  for (const root of document.querySelectorAll(".nnreg-trainer")) new Trainer(root, script);
} else serve(self);
