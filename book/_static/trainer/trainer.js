// One trainer: what it has been told to do, and what its loop has answered. A change of a setting is
// another training: it begins at epoch 0, and plays on or goes as far as the last one, so that what
// is seen is always one honest training.
import { LAST, addressOf, readAddress } from "./address.js";
import { makeEngine } from "./engine.js";
import { makeView } from "./view.js";

const PACES = { slow: 20, steady: 200, fast: Infinity }; // epochs a second
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Trainer {
  constructor(root, script) {
    Object.assign(this, { root, script, texts: JSON.parse(root.dataset.start) });
    const { settings, differs, other, epoch } = readAddress(root.id, this.texts, location.href);
    Object.assign(this, { settings, differs, other });
    this.playing = false; // the reader wants it to go on
    this.target = epoch; // otherwise it trains until here
    this.pace = "steady";
    this.sides = {};
    this.awaited = 0; // frames that the loop has been asked for
    this.stale = true; // the loop does not know the settings yet
    this.view = makeView(root, this);
    this.view.controls(this);
    new IntersectionObserver((entries) => this.see(entries.at(-1).isIntersecting)).observe(root);
    document.addEventListener("visibilitychange", () => this.see(this.near));
    new ResizeObserver(() => this.redraw()).observe(root);
  }

  get epoch() {
    return this.stale ? 0 : (this.sides.a?.epoch ?? 0);
  }

  get goal() {
    return this.playing ? LAST : this.target;
  }

  get ended() {
    const diverged = !this.stale && Object.values(this.sides).some((side) => side.diverged);
    return diverged || this.epoch >= LAST;
  }

  get running() {
    return this.epoch < this.goal && !this.ended;
  }

  /** Whether it is on its way to an epoch that was named before, and not just by one step. */
  get catchingUp() {
    return !this.playing && this.running && this.target > this.epoch + 1;
  }

  /** The epoch that a link leads to. */
  get moment() {
    return this.playing ? this.epoch : this.target;
  }

  /** Out of sight nothing trains; it goes on when it is seen again. */
  see(near) {
    this.near = near;
    this.seen = near && !document.hidden;
    if (this.playing) this.note();
    this.redraw();
  }

  toggle() {
    this.go(this.running ? this.epoch : LAST, !this.running);
  }

  go(target, playing = false) {
    Object.assign(this, { target: Math.min(target, LAST), playing });
    this.view.controls(this);
    this.note();
    this.wake();
  }

  change(settings) {
    Object.assign(this.settings, settings);
    this.stale = true;
    this.go(this.target, this.playing);
  }

  reset() {
    this.stale = true;
    this.go(0);
  }

  compare(differs, other = this.settings[differs] ?? null) {
    Object.assign(this, { differs, other });
    this.change({});
  }

  redraw() {
    this.fresh = true;
    this.wake();
  }

  /** One turn: ask the loop for the next frame, then draw the last one while it trains. */
  turn() {
    if (this.awaited) return;
    const { fresh } = this;
    this.fresh = false;
    if (this.seen && this.stale) this.start();
    else if (this.seen && this.running) this.step();
    if (fresh && this.sides.a) this.view.draw(this);
  }

  wake() {
    if (this.due) return;
    this.due = true;
    const next = () => {
      this.due = false;
      this.turn();
    };
    if (still() && this.running) setTimeout(next, 250);
    else requestAnimationFrame(next);
  }

  start() {
    this.engine ??= makeEngine(this.script, (frame) => this.take(frame));
    const messages = [{ type: "start", side: "a", settings: { ...this.settings } }];
    if (this.differs) messages.push({ type: "start", side: "b", settings: this.right });
    else if (this.sides.b) messages.push({ type: "drop", side: "b" });
    this.stale = false;
    this.sides = {};
    this.ask(...messages);
  }

  get right() {
    return { ...this.settings, [this.differs]: this.other };
  }

  /** As many epochs as the pace asks for, and no more than may keep the next picture waiting. */
  step() {
    const plays = this.playing, since = Math.min(performance.now() - this.asked, 250);
    const owed = plays ? Math.max(1, Math.round((PACES[this.pace] * since) / 1000)) : LAST;
    const within = still() ? 200 : plays ? 20 : 80; // milliseconds
    this.ask({ type: "step", epochs: Math.min(owed, this.goal - this.epoch), within });
  }

  ask(...messages) {
    this.asked = performance.now();
    this.awaited = messages.length;
    messages.forEach((message) => this.engine(message));
  }

  take({ sides }) {
    for (const side in sides) sides[side].data ??= this.sides[side]?.data; // it comes once
    this.sides = sides;
    this.awaited -= 1;
    if (this.awaited) return;
    this.fresh = true;
    if (!this.running) this.rest();
    this.wake();
  }

  rest() {
    this.target = this.epoch;
    this.view.controls(this);
    this.note();
  }

  /** Keep the page's address true: now, or as soon as nothing has moved for a moment. */
  note() {
    const moving = () => this.playing && this.running && this.seen;
    clearTimeout(this.noting);
    this.noting = setTimeout(() => this.write(moving() ? 0 : this.moment), 300);
  }

  write(epoch) {
    clearTimeout(this.noting);
    const url = addressOf(this.root.id, this.texts, { ...this, epoch }, location.href);
    if (url.href !== location.href) history.replaceState(history.state, "", url);
    return url;
  }

  link() {
    const url = this.write(this.moment);
    url.hash = this.root.id;
    return url.href;
  }
}
