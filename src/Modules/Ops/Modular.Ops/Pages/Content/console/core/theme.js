import { createStore } from './store.js';

const name = 'modular-theme';
const themes = ['system', 'light', 'dark'];

/** system, light or dark: the one thing that the console keeps in the browser. */
export const theme = createStore(themes.find((one) => one === localStorage.getItem(name)) ?? 'system');

export function applyTheme() {
  const chosen = theme.get();
  document.documentElement.dataset.theme = chosen;
  if (chosen === 'system') localStorage.removeItem(name);
  else localStorage.setItem(name, chosen);
}

export function nextTheme() {
  theme.set(themes[(themes.indexOf(theme.get()) + 1) % themes.length]);
  applyTheme();
}
