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
  return html`<span class="number">${from ? duration(Math.max(0, between(from, to ?? Date.now()))) : '–'}</span>`;
}
