import { locale, t } from './i18n.ts';

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const formats = new Map<string, Intl.NumberFormat>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();

/** A size in bytes in words, in steps of 1,000 as file managers count: `12.4 MB`. */
export function size(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  // Rounding could give `1,000 kB`; a megabyte is what a person expects there.
  if (value >= 999.5 && step < units.length - 1) return size(1000 ** (step + 1));
  const digits = step === 0 || value >= 100 ? 0 : 1;
  return format(`size ${step} ${digits}`, {
    style: 'unit',
    unit: units[step] ?? 'byte',
    unitDisplay: step === 0 ? 'long' : 'short',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** A percentage from whole percents: `42%`, `42 %`. */
export function percentage(percent: number): string {
  return format('percent', { style: 'percent' }).format(percent / 100);
}

export function number(value: number): string {
  return format('number', {}).format(value);
}

/** A span in words, no finer than anyone can foresee: `a few seconds`, `25 sec`, `4 min`, `1 hr 20 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return t('unit.fewSeconds');
  if (seconds < 55) return span('second', Math.ceil(seconds / 5) * 5);
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return span('minute', minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return join(span('hour', hours), minutes % 60 && span('minute', minutes % 60));
  return join(span('day', Math.floor(hours / 24)), hours % 24 && span('hour', hours % 24));
}

/** A time of day, of the device's clock: `14:05`, or `14:05:09`. */
export function timeOfDay(at: number, withSeconds = false): string {
  return withSeconds
    ? dateFormat('exact time', { timeStyle: 'medium' }).format(at)
    : dateFormat('time', { timeStyle: 'short' }).format(at);
}

export function isToday(at: number): boolean {
  return new Date(at).toDateString() === new Date().toDateString();
}

/** A time of the last days, to the second: `12 Mar, 14:05:09`. */
export function timeWithSeconds(at: number): string {
  return new Intl.DateTimeFormat(locale.value, {
    day: 'numeric',
    month: 'short',
    hour: 'numeric',
    minute: '2-digit',
    second: '2-digit',
  }).format(at);
}

/** A day: `12 Mar 2026`. */
export function day(at: number): string {
  return dateFormat('day', { dateStyle: 'medium' }).format(at);
}

/** A moment: `12 Mar 2026, 14:05`, or `12 Mar 2026, 14:05:09`. */
export function moment(at: number, withSeconds = false): string {
  if (withSeconds) return dateFormat('exact', { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
  return dateFormat('moment', { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}

function span(unit: 'second' | 'minute' | 'hour' | 'day', value: number): string {
  return format(unit, { style: 'unit', unit, unitDisplay: 'short' }).format(value);
}

function join(first: string, second: string | 0): string {
  if (!second) return first;
  return new Intl.ListFormat(locale.value, { type: 'unit', style: 'narrow' }).format([first, second]);
}

/** Making a formatter costs far more than using it, and lists use the same few a thousand times. */
function format(name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale.value} ${name}`;
  const found = formats.get(key) ?? new Intl.NumberFormat(locale.value, options);
  formats.set(key, found);
  return found;
}

function dateFormat(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale.value} ${name}`;
  const found = dateFormats.get(key) ?? new Intl.DateTimeFormat(locale.value, options);
  dateFormats.set(key, found);
  return found;
}
