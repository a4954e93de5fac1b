import type { JSX } from 'preact';
import { Icon, type IconName } from './icons.tsx';

/** A name this long can fall short of room on the narrowest screen. */
const LONG_UNITS = 12;
/** Kept at the end of a long name: its extension, and what tells `take-03` from `take-04`. */
const TAIL_UNITS = 8;

/** A file's name; where it is too long its middle is left out, since the end says what it is. */
export function FileName({ name }: { name: string }): JSX.Element {
  const cut = name.length > LONG_UNITS ? name.length - TAIL_UNITS : name.length;
  return (
    <bdi class="file-name" title={name}>
      <span class="file-name-start">{name.slice(0, cut)}</span>
      {cut < name.length && <span>{name.slice(cut)}</span>}
    </bdi>
  );
}

/** A file's type at a glance, with a sign of how it is. */
export function FileTile({ name, sign }: { name: string; sign: IconName | null }): JSX.Element {
  return (
    <span class="tile" aria-hidden="true">
      {extensionOf(name) ?? <Icon name="file" />}
      {sign && (
        <span class="tile-sign">
          <Icon name={sign} />
        </span>
      )}
    </span>
  );
}

function extensionOf(name: string): string | null {
  return name.match(/[^.]\.([\p{L}\p{N}]{1,4})$/u)?.[1]?.toUpperCase() ?? null;
}
