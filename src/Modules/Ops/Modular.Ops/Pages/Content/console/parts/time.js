import { html, useEffect, useState } from '../core/html.js';
import { ago, between, duration, exact } from '../core/format.js';

// One timer for every time on the page; it rests while nobody looks.
const ticks = new Set();
setInterval(() => document.visibilityState === 'visible' && ticks.forEach((tick) => tick()), 1000);

function useTicks() {
  const [, setTick] = useState(0);
  useEffect(() => {
    const tick = () => setTick((now) => now + 1);
    ticks.add(tick);
    return () => ticks.delete(tick);
  }, []);
}

/** A moment as "5 min ago", the exact one on hover. */
export function When({ at }) {
  useTicks();
  return at ? html`<time datetime=${at} title=${exact(at)}>${ago(at)}</time>` : html`<span class="muted">–</span>`;
}

/** From a moment to another one, or to now. */
export function Elapsed({ from, to }) {
  useTicks();
  // While it goes on, parts of a second would only flicker.
  const seconds = to ? between(from, to) : Math.floor(between(from, Date.now()));
  return html`<span class="number">${seconds > 0 ? duration(seconds) : to ? duration(0) : '0 s'}</span>`;
}
