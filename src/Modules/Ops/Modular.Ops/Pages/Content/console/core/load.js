import { useCallback, useEffect, useRef, useState } from './html.js';
import { pace } from './api.js';

const slowAfter = 100;

/**
 * Loads what a page shows. While it loads anew, the former data stays, so nothing jumps.
 * @param {(signal: AbortSignal) => Promise<any>} load
 * @param {unknown[]} inputs other inputs drop the former data
 * @returns {{data: any, problem: Error | undefined, isSlow: boolean, reload: () => void, change: (update: (data: any) => any) => void}}
 *   isSlow: nothing to show for 100 ms, so a placeholder is due
 */
export function useLoad(load, inputs) {
  const [state, setState] = useState({});
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify(inputs);
  const lastKey = useRef(key);
  const isBusy = useRef(false);
  const isDue = useRef(false);

  useEffect(() => {
    const aborter = new AbortController();
    if (lastKey.current !== key) {
      lastKey.current = key;
      setState({});
    }
    isBusy.current = true;
    isDue.current = false;
    const slow = setTimeout(() => setState((now) => (now.data === undefined && !now.problem ? { ...now, isSlow: true } : now)), slowAfter);
    let again;
    load(aborter.signal).then(
      (data) => setState({ data }),
      (problem) => {
        if (aborter.signal.aborted) return;
        setState((now) => ({ data: now.data, problem }));
        // No answer, too many requests, not ready: it passes, and nobody should have to press a key for it.
        if (problem.status === 0 || problem.retryAfter) again = setTimeout(() => setTurn((now) => now + 1), (problem.retryAfter ?? 2) * 1000);
      },
    ).finally(() => {
      clearTimeout(slow);
      if (aborter.signal.aborted) return;
      isBusy.current = false;
      if (isDue.current) setTurn((now) => now + 1);
    });
    return () => {
      aborter.abort();
      clearTimeout(slow);
      clearTimeout(again);
    };
  }, [key, turn]);

  return {
    ...state,
    // Not instead of the load that is under way: where news come faster than answers, nothing would ever be shown.
    reload: useCallback(() => {
      if (isBusy.current) isDue.current = true;
      else setTurn((now) => now + 1);
    }, []),
    change: useCallback((update) => setState((now) => ({ ...now, data: update(now.data) })), []),
  };
}

/** Calls at once, then at most once per pace, however often it is asked; the last ask is always heard. */
export function usePaced(action) {
  const timer = useRef(0);
  const last = useRef(0);
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current) return;
    timer.current = setTimeout(() => {
      timer.current = 0;
      last.current = Date.now();
      latest.current();
    }, Math.max(0, last.current + pace() - Date.now()));
  }, []);
}

/** Calls again and again while the tab is seen, and at once when it is seen again. */
export function useEvery(milliseconds, action) {
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => {
    const run = () => document.visibilityState === 'visible' && latest.current();
    const timer = setInterval(run, milliseconds);
    document.addEventListener('visibilitychange', run);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', run);
    };
  }, [milliseconds]);
}
