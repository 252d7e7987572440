const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const exactTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const relativeTime = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' });

const units = [['year', 31_557_600], ['month', 2_629_800], ['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]];

export const count = (value) => number.format(value);

export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** Such as "5 min ago"; the exact one belongs beside it. */
export function ago(time, now = Date.now()) {
  const seconds = (new Date(time) - now) / 1000;
  if (Math.abs(seconds) < 1) return 'now';
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length);
  return relativeTime.format(Math.round(seconds / size), unit).replace('.', '');
}

export const exact = (time) => exactTime.format(new Date(time));

export const clock = (time) => clockTime.format(new Date(time));

/** Seconds as a person says them: 4 ms, 1.2 s, 3 m 05 s, 2 h 10 m. */
export function duration(seconds) {
  if (seconds < 0.0005) return '0 ms';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${number.format(seconds)} s`;
  const pad = (value) => String(Math.floor(value)).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${pad((seconds % 3600) / 60)} m`;
  return `${Math.floor(seconds / 86_400)} d ${pad((seconds % 86_400) / 3600)} h`;
}

export const between = (from, to) => (new Date(to) - new Date(from)) / 1000;

export function bytes(size) {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = size < 1 ? 0 : Math.min(Math.floor(Math.log2(size) / 10), names.length - 1);
  return `${number.format(size / 1024 ** power)} ${names[power]}`;
}
