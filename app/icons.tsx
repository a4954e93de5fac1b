import type { JSX } from 'preact';

/** The outlines of our icons, on a grid of 24. */
const outlines = {
  pause: 'M9 6v12M15 6v12',
  resume: 'M8 5.5v13l10.5-6.5z',
  retry: 'M19 12a7 7 0 1 1-2.1-5M19 4v4.5h-4.5',
  refresh: 'M19 12a7 7 0 1 1-2.1-5M19 4v4.5h-4.5',
  cancel: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  close: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  undo: 'M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-3',
  select: 'M12 5v14M5 12h14',
  permit: 'M5 12.5l4.5 4.5L19 7.5',
  remove: 'M5 12h14',
  file: 'M6 3.5h8l4 4v13H6zM14 3.5v4h4',
  folder: 'M3.5 6.5h6l2 2.5h9v9.5h-17z',
  download: 'M12 4v12M6.5 11l5.5 5.5L17.5 11M5 20h14',
  rename: 'M4.5 19.5l1-4L16 5l3 3L8.5 18.5z',
  delete: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  lock: 'M6.5 11h11v8.5h-11zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  alert: 'M12 7.5v5.5M12 16.2v.3M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z',
  hand: 'M12 4v10M12 18.5v.5',
  cloudOff: 'M4 4l16 16M8.5 8.5a5 5 0 0 0-1.5 9.5h9.5M11 6.5a5 5 0 0 1 6 4.5 3.5 3.5 0 0 1 3 5',
  clock: 'M12 7v5l3.5 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z',
  up: 'M12 19V5M6 11l6-6 6 6',
  key: 'M15.5 4.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM12 12.5l-7.5 7M7 17l2.5 2.5',
  door: 'M13 4.5h5.5v15H13M4.5 12h10M10.5 7.5l4.5 4.5-4.5 4.5',
  device: 'M4.5 5.5h15v10.5h-15zM9 19.5h6M12 16v3.5',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10.5 20.5h3',
} as const;
export type IconName = keyof typeof outlines;

/** An icon beside a text or under a label of its own: it never speaks itself. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={outlines[name]} />
    </svg>
  );
}

/** Our mark: an arrow that rises from roots which hold. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 64 64" aria-hidden="true">
      <rect width="64" height="64" rx="15" />
      <path d="M32 52V13M21.5 23.5L32 13l10.5 10.5" />
      <path d="M32 33c0 9-6 9.5-11 12.5-3 2-4 3.5-4 6.5M32 33c0 9 6 9.5 11 12.5 3 2 4 3.5 4 6.5" />
    </svg>
  );
}
