// Edits outlast a visit of another page, in this tab; where nothing may be kept, nothing is.
export function keep(key, text) {
  try {
    if (text === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch { /* the edit stays in the page alone */ }
}

export function kept(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}
