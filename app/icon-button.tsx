import type { ButtonHTMLAttributes, JSX } from 'preact';
import { Icon, type IconName } from './icons.tsx';

/** A button that is an icon: `label` is its name, `title` what a pointer over it is told. Hooks and states go along. */
export function IconButton(
  props: Pick<ButtonHTMLAttributes, 'onClick' | 'class'> & { icon: IconName; label: string; title?: string },
): JSX.Element {
  const { icon, label, title = label, class: also = '', ...others } = props;
  return (
    <button type="button" class={`icon-button ${also}`.trim()} aria-label={label} title={title} {...others}>
      <Icon name={icon} />
    </button>
  );
}

/** A download that is an icon. */
export function IconDownload(props: {
  href: string;
  name: string;
  label: string;
  title: string;
}): JSX.Element {
  const { href, name, label, title } = props;
  return (
    <a class="icon-button" href={href} download={name} aria-label={label} title={title}>
      <Icon name="download" />
    </a>
  );
}
