import type { JSX } from 'preact';
import { Icon, type IconName } from './icons.tsx';

/** A file's name; where it is too long its middle is left out, since the end says what it is. */
export function FileName({ name }: { name: string }): JSX.Element {
  const cut = Math.max(0, name.length - 8);
  const start = name.length > 24 ? name.slice(0, cut) : name;
  return (
    <bdi class="file-name" title={name}>
      <span class="file-name-start">{start}</span>
      {start !== name && <span>{name.slice(cut)}</span>}
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
