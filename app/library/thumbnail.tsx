import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { StoredFile } from '../../shared/api.ts';
import { hasThumbnail, type Preview, previewOf } from '../../shared/preview.ts';
import { thumbnailUrl } from '../api.ts';
import { Icon, type IconName } from '../icons.tsx';

const icons: Readonly<Record<Preview, IconName>> = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  text: 'text',
  pdf: 'text',
};

/** A file at a glance: its picture where there is one, else what kind it is. The box is of one size either way. */
export function Thumbnail({ file }: { file: StoredFile }): JSX.Element {
  const [isBroken, setBroken] = useState(false);
  useEffect(() => setBroken(false), [file.id]);
  const kind = previewOf(file);
  const hasPicture = hasThumbnail(file) && !isBroken;
  return (
    <span class="thumb" data-picture={hasPicture || undefined} aria-hidden="true">
      {hasPicture ? (
        <img
          src={thumbnailUrl(file.id)}
          alt=""
          loading="lazy"
          decoding="async"
          draggable={false}
          onError={() => setBroken(true)}
        />
      ) : (
        <>
          <Icon name={kind === null ? 'file' : icons[kind]} />
          <span class="thumb-type">{extensionOf(file.name)}</span>
        </>
      )}
    </span>
  );
}

function extensionOf(name: string): string {
  return name.match(/[^.]\.([\p{L}\p{N}]{1,4})$/u)?.[1]?.toUpperCase() ?? '';
}
