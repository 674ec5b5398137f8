// The cells of a page share one Python: what a run needs runs first, and what is stale is marked.
import { Cell } from "./cell.js";
import { make } from "./make.js";
import { canRun, needsOf } from "./needs.js";
import { Session } from "./session.js";

const LONG = 20; // seconds: what takes longer asks first
const STOPPED = "Stopped. What ran before is gone; Run starts anew.";
const AWAY = "could not be loaded. Is the site still there?";

export class Page {
  #turn = Promise.resolve(); // one run after the other
  #era = 0; // counts the Pythons of this page: each begins with nothing
  #current = null; // the cell that waits for its run,
  #above = ""; // how far what it needs is,
  #loading = ""; // how far Python is,
  #since = 0; // and since when it runs, if it does

  // `name` is the page's; `live` is what live.json says.
  constructor(folder, name, live) {
    this.folder = folder;
    this.name = name;
    this.size = `${Math.ceil(live.bytes / 1e6)} MB`;
    this.session = new Session(new URL(live.runtime, folder), (news) => this.#hear(news));
    const cells = [...document.querySelectorAll(".bd-article .cell")];
    this.cells = cells.map((root, index) => new Cell(root, index, this));
    const first = this.cells.find(({ root }) => !root.querySelector(":scope > details"));
    first?.root.classList.add("live-first");
    this.#addWords();
    setInterval(() => this.#tell(), 1000);
  }

  // `how`: `anew` runs again what has run already; `above` runs all cells above; `agreed` asks not.
  run(cell, how = {}) {
    if (cell.isRunning) return;
    const era = this.#era;
    cell.begin();
    if (this.#current) cell.say("Waiting for another cell.");
    this.#turn = this.#turn.then(async () => {
      this.#current = cell;
      try {
        this.#check(era);
        await this.#runWithNeeds(cell, how, era);
      } catch (error) {
        cell.say(error.message);
        this.announce(`${cell.name}: ${error.message}`);
      }
      this.#current = null;
      this.#above = this.#loading = "";
      this.#since = 0;
      cell.end();
    });
  }

  stop() {
    this.session.end(STOPPED);
    this.session.start(); // so that it is back in seconds
  }

  restart() {
    this.session.end(STOPPED);
    const ran = this.cells.filter((cell) => cell.hasRun);
    this.cells.forEach((cell) => cell.forget());
    ran.forEach((cell) => cell.say("Python was started anew: what ran here is gone."));
    this.announce("Python is started anew: nothing has run.");
    this.foot.hidden = true;
  }

  markStale() {
    for (const cell of this.cells) cell.isStale = this.#isStale(cell);
  }

  async editor() {
    return import("./editor.js").catch(() => {
      throw new Error(`The editor ${AWAY}`);
    });
  }

  askFrame = async (handle, k) => {
    const code = `__import__("nnreg.book").book.live_frame(${JSON.stringify(handle)}, ${k})`;
    const { value, error } = await this.session.run(code, "slider");
    const isGone = error?.message.includes("no slider");
    if (isGone) throw new Error("Run the cell again: its slider is from before a restart.");
    if (error) throw new Error(`${error.name}: ${error.message}`);
    return value;
  };

  announce(text) {
    this.said.textContent = text;
  }

  async #runWithNeeds(cell, how, era) {
    await this.#load();
    this.#check(era);
    const { live } = cell.facts;
    if (live !== true && !cell.isChanged) return cell.say(live);
    const before = this.#before(cell, how);
    if (!how.agreed && this.#asks(cell, how, before)) return;
    const again = this.#isFresh(cell) && !before.length;
    for (const [i, need] of before.entries()) {
      this.#above = before.length === 1 ? " the cell above" : ` ${i + 1} of ${before.length} cells above`;
      if (!(await this.#execute(need, era))) {
        const go = ["Go there", () => need.runButton.focus()];
        return cell.say(`It needs ${need.name}, which stopped with an error.`, go);
      }
    }
    this.#above = "";
    await this.#execute(cell, era, again);
  }

  // Run one cell, what it needs being there; tell whether it came to its end.
  async #execute(cell, era, again = false) {
    this.#check(era);
    const { text } = cell;
    cell.begin();
    this.#since = Date.now();
    this.#tell();
    this.announce(`${cell.name} runs`);
    try {
      const result = await this.session.run(text, cell.name, (printed) => cell.print(printed));
      const { compare } = cell.facts;
      const saw = [...needsOf(cell, this.cells)].map((need) => [need, need.text]);
      cell.ran = result.error ? null : { text, saw };
      cell.say("");
      const isTheBooks = !cell.isChanged && saw.every(([need]) => !need.isChanged);
      this.announce(`${cell.name}: ${cell.show(result, { compare, again, isTheBooks })}`);
      this.markStale();
      if (result.error?.name === "NameError") this.#offerAbove(cell);
      return !result.error;
    } finally {
      if (cell !== this.#current) cell.end();
    }
  }

  #check(era) {
    if (era !== this.#era) throw new Error(STOPPED);
  }

  async #load() {
    if (this.cells[0].facts) return;
    const list = new URL(`cells/${this.name}.json`, this.folder);
    const answer = await fetch(list, { cache: "no-cache" }).catch(() => null);
    if (!answer?.ok) throw new Error(`The list of this page's cells ${AWAY}`);
    const facts = await answer.json();
    for (const cell of this.cells) cell.facts = facts[cell.index];
  }

  #isStale(cell) {
    return Boolean(cell.ran?.saw.some(([need, text]) => need.text !== text));
  }

  #isFresh(cell) {
    return cell.ran?.text === cell.text && !this.#isStale(cell);
  }

  // The cells that have to run first, in order.
  #before(cell, { anew, above }) {
    const needs = needsOf(cell, this.cells);
    return this.cells.filter((other) => {
      const isNeeded = above ? other.index < cell.index : needs.has(other);
      return isNeeded && canRun(other) && (anew || !this.#isFresh(other));
    });
  }

  #asks(cell, how, before) {
    const ahead = this.#isFresh(cell) ? before : [...before, cell];
    const times = ahead.map(({ facts }) => facts.seconds ?? 0);
    const seconds = times.reduce((sum, time) => sum + time, 0);
    if (seconds <= LONG) return false;
    const time = seconds < 90 ? `${10 * Math.round(seconds / 10)} seconds` : `${Math.round(seconds / 60)} minutes`;
    const run = ["Run it", () => this.run(cell, { ...how, agreed: true })];
    cell.say(`This takes about ${time} here.`, run, ["Not now", () => {}]);
    return true;
  }

  // The list of needs knows the book's code; a reader's may use more.
  #offerAbove(cell) {
    if (this.#before(cell, { above: true }).length) {
      cell.say("Does a cell above make this name?", ["Run all above first", () => this.run(cell, { above: true })]);
    }
  }

  #hear({ progress, share, ready, ended }) {
    if (ended) {
      this.#era += 1;
      this.#loading = "";
      this.cells.forEach((cell) => { cell.ran = null; });
      this.markStale();
    } else if (progress) {
      this.#loading = share < 1 ? `Loading Python: ${Math.floor(100 * share)} % of ${this.size}, once.` : "Starting Python.";
      this.#tell();
    } else if (ready) {
      this.#loading = "";
      if (this.#since) this.#since = Date.now();
      this.#tell();
      this.foot.hidden = false;
    }
  }

  // Say below the cell that was asked for what goes on.
  #tell() {
    if (!this.#current || !this.#since) return;
    const seconds = Math.floor((Date.now() - this.#since) / 1000);
    this.#current.say(this.#loading || `Running${this.#above}${seconds ? `, ${seconds} s` : ""}.`);
  }

  #addWords() {
    const words =
      "The code of this page runs in the page: press Run, or Edit to change it first. " +
      `The first run loads Python (${this.size}, once).`;
    const article = document.querySelector(".bd-article");
    (article.querySelector(".at-a-glance") ?? article.querySelector("h1")).after(make("p", { className: "live-introduction" }, words));
    const onclick = () => this.restart();
    const restart = make("button", { type: "button", className: "live-button", onclick }, "Restart");
    this.foot = make("div", { className: "live-foot", hidden: true }, "Python runs in this page.", restart);
    this.said = make("p", { className: "visually-hidden", role: "status" });
    article.append(this.said, this.foot);
  }
}
