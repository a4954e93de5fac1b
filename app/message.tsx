import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icons.tsx';

/** A page with nothing to show but why, and one way on. */
export function Message(props: {
  icon: IconName;
  title: string;
  lead?: string;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <section class="message">
      <span class="message-icon">
        <Icon name={props.icon} />
      </span>
      <h1>{props.title}</h1>
      {props.lead && <p>{props.lead}</p>}
      {props.children}
    </section>
  );
}
