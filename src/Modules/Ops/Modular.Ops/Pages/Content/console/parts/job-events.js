import { useEffect, useRef, useState } from '../core/html.js';
import { streamJob } from '../core/live.js';

const keptLines = 2_000;
const nothing = { lines: [], steps: [], progress: undefined };

/**
 * A job's events, from its first one on, as they come.
 * @param {string} id
 * @param {boolean} isKnown the job exists: there is something to listen to
 * @param {() => void} onState called when its state changed
 * @returns {{lines: object[], steps: object[], progress?: {percent: number, message?: string}, resume: () => void}}
 *   lines: the last of its log; resume: listen again, after a retry made the end no end
 */
export function useJobEvents(id, isKnown, onState) {
  const [seen, setSeen] = useState(nothing);
  const [turn, setTurn] = useState(0);
  const changed = useRef(onState);
  changed.current = onState;

  useEffect(() => {
    if (!isKnown) return undefined;
    setSeen(nothing);
    let fresh = [];
    let frame = 0;
    // A busy job sends hundreds of events at once: one drawing for all of them.
    const draw = () => {
      frame = 0;
      const news = fresh;
      fresh = [];
      setSeen((now) => news.reduce(take, now));
      if (news.some(({ name }) => name === 'state' || name === 'end')) changed.current();
    };
    const close = streamJob(id, (event) => {
      fresh.push(event);
      frame ||= setTimeout(draw, 30);
    });
    return () => {
      clearTimeout(frame);
      close();
    };
  }, [id, isKnown, turn]);

  return { ...seen, resume: () => setTurn((now) => now + 1) };
}

function take(seen, { id, name, data }) {
  if (name === 'log') return { ...seen, lines: [...seen.lines.slice(1 - keptLines), { id, ...data }] };
  if (name === 'progress') return { ...seen, progress: data };
  if (name === 'state') return { ...seen, steps: [...seen.steps, { id, ...data }], progress: data.state === 'running' ? undefined : seen.progress };
  return seen;
}
