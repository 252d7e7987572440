import { useEffect, useRef } from './html.js';
import { root } from './api.js';
import { createStore } from './store.js';

/** live, connecting or paused (the tab is not seen, or nobody listens). */
export const liveState = createStore('paused');

const listeners = new Set();
let source;
let isFresh = true;
let retry = 0;
let timer;

/**
 * The console's one stream for lists. It is open while the tab is seen; a tab in the background costs nothing.
 * @param {(news: {jobs: {id: string, state: string}[], queues: object[], isFirst: boolean}) => void} listener
 *   isFirst: the stream tells the queues as it begins, and nothing has changed since the page was loaded
 */
export function useLive(listener) {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => {
    const listen = (news) => latest.current(news);
    listeners.add(listen);
    update();
    return () => {
      listeners.delete(listen);
      // The next page listens in a moment: it gets the same stream.
      setTimeout(update, 1_000);
    };
  }, []);
}

/**
 * One job's events from its first one on. EventSource resumes by the last id by itself; after a pause in the background we name it.
 * @param {string} id
 * @param {(event: {id: number, name: string, data: any}) => void} onEvent an end may be followed by more, when the job was retried
 * @returns {() => void} closes it
 */
export function streamJob(id, onEvent) {
  let events;
  let last = 0;
  let hasEnded = false;
  let again;
  const open = () => {
    events = new EventSource(`${root}/jobs/${id}/events?lastEventId=${last}`);
    events.onerror = () => {
      // Closed after the end: nothing more comes (204). Closed before: the server refused, perhaps since it is restarting.
      if (events.readyState === EventSource.CLOSED && !hasEnded) again = setTimeout(open, 5_000);
    };
    for (const name of ['state', 'progress', 'log', 'end']) {
      events.addEventListener(name, (event) => {
        last = Number(event.lastEventId);
        hasEnded = name === 'end';
        onEvent({ id: last, name, data: JSON.parse(event.data) });
      });
    }
  };
  const close = () => {
    clearTimeout(again);
    events?.close();
  };
  const onVisibility = () => {
    close();
    if (document.visibilityState === 'visible') open();
  };
  document.addEventListener('visibilitychange', onVisibility);
  onVisibility();
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    close();
  };
}

function update() {
  const isWanted = listeners.size > 0 && document.visibilityState === 'visible';
  if (isWanted && !source) open();
  else if (!isWanted && source) close();
}

function open() {
  clearTimeout(timer);
  liveState.set('connecting');
  source = new EventSource(`${root}/events`);
  let isFirst = isFresh;
  isFresh = false;
  source.onopen = () => {
    retry = 0;
    liveState.set('live');
  };
  source.addEventListener('changes', (event) => {
    const news = { ...JSON.parse(event.data), isFirst };
    isFirst = false;
    listeners.forEach((listen) => listen(news));
  });
  source.onerror = () => {
    liveState.set('connecting');
    // A refusal (signed out, too many streams, starting) ends an EventSource; a lost connection does not.
    if (source.readyState === EventSource.CLOSED) {
      source = undefined;
      retry = Math.min(retry + 1, 6);
      timer = setTimeout(update, 500 * 2 ** retry);
    }
  };
}

function close() {
  clearTimeout(timer);
  source.close();
  source = undefined;
  liveState.set('paused');
}

document.addEventListener('visibilitychange', update);
