import type { ComponentChildren, JSX } from 'preact';

/** Something that is on or off, with why it matters. Where it can't be changed here, `disabled` and a word on why. */
export function Switch(props: {
  name: string;
  title: string;
  isOn: boolean;
  disabled?: boolean;
  /** For the row of the notifications, whose state has more than two. */
  permission?: string;
  onChange: (isOn: boolean) => void;
  children: ComponentChildren;
}): JSX.Element {
  const { name, isOn, disabled } = props;
  return (
    <div class="switch-row">
      <div>
        <p id={`${name}-name`} class="switch-name">
          {props.title}
        </p>
        <p id={`${name}-why`} class="hint">
          {props.children}
        </p>
      </div>
      <button
        type="button"
        role="switch"
        class="switch"
        data-do={name}
        data-permission={props.permission}
        aria-checked={isOn}
        aria-disabled={disabled ?? false}
        aria-labelledby={`${name}-name`}
        aria-describedby={`${name}-why`}
        onClick={() => !disabled && props.onChange(!isOn)}
      />
    </div>
  );
}
