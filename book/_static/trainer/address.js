// What a page's address says of a trainer, as far as it differs from the page's own start:
// ?NAME.strength=0.001&NAME.right.strength=0&NAME.epoch=400. Other parameters are left alone.
import { CHOICES, COMPARED, parse } from "./choices.js";

const START = {
  data: "moons", points: 100, wrong: 0, width: 64, penalty: "l2", strength: 0, exact: false, dropout: 0, noise: 0,
  rate: 0.05, seed: 0, sample: 0,
};
export const LAST = 10000; // epochs
const EPOCH = /^\d{1,5}$/;

/** The state that texts ask for: `look` finds the text of a key, if there is one. */
function change(state, look) {
  const known = (key, text) => (text ? parse(key, text) : undefined);
  for (const key in CHOICES) state.settings[key] = known(key, look(key)) ?? state.settings[key];
  if (look("right") === "none") Object.assign(state, { differs: null, other: null });
  for (const key of COMPARED) {
    const other = known(key, look(`right.${key}`));
    if (other !== undefined) Object.assign(state, { differs: key, other });
  }
  if (EPOCH.test(look("epoch"))) state.epoch = Math.min(LAST, Number(look("epoch")));
  return state;
}

/** The state with which a trainer starts on its page. */
export function startOf(texts) {
  const state = { settings: { ...START }, differs: null, other: null, epoch: 0 };
  return change(state, (key) => texts[key]);
}

/** The state that the address asks for. */
export function readAddress(name, texts, address) {
  const asked = new URL(address).searchParams;
  return change(startOf(texts), (key) => asked.get(`${name}.${key}`));
}

/** The address with this state in it. */
export function addressOf(name, texts, state, address) {
  const url = new URL(address), start = startOf(texts);
  const say = (key, value) => url.searchParams.set(`${name}.${key}`, value);
  for (const key of [...url.searchParams.keys()])
    if (key.startsWith(`${name}.`)) url.searchParams.delete(key);
  for (const key in CHOICES)
    if (state.settings[key] !== start.settings[key]) say(key, state.settings[key]);
  if (state.differs !== start.differs || state.other !== start.other) {
    if (state.differs) say(`right.${state.differs}`, state.other);
    else say("right", "none");
  }
  if (state.epoch !== start.epoch) say("epoch", state.epoch);
  return url;
}
