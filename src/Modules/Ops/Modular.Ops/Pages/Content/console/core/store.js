import { useEffect, useState } from './html.js';

/**
 * A value that components watch.
 * @template T
 * @param {T} initial
 */
export function createStore(initial) {
  let value = initial;
  const watchers = new Set();
  return {
    get: () => value,
    /** @param {T} next */
    set(next) {
      value = next;
      watchers.forEach((watch) => watch(next));
    },
    /** @returns {() => void} ends the watch */
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

export function useStore(store) {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    setValue(store.get());
    return store.watch(setValue);
  }, [store]);
  return value;
}
