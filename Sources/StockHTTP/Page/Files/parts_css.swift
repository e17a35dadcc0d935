// Made by make page from Page/Web/parts.css. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let parts_css: StaticString = ####"""
/* Buttons, fields, dialogs. */
.button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  gap: 6px;
  min-height: 34px;
  padding: 0 var(--s3);
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--surface);
  box-shadow: var(--shadow-1);
  font-weight: 540;
  white-space: nowrap;
}

.button:hover:not(:disabled) {
  background: var(--hover);
}

.button:disabled {
  color: var(--text-3);
  cursor: not-allowed;
}

.button.primary {
  border-color: transparent;
  background: var(--accent);
  color: var(--on-accent);
}

.button.primary:hover:not(:disabled) {
  background: var(--accent-strong);
}

.button.danger {
  border-color: transparent;
  background: var(--bad);
  color: var(--surface);
}

.button.danger:hover:not(:disabled) {
  background: var(--bad-strong);
}

.button.quiet {
  border-color: transparent;
  background: transparent;
  box-shadow: none;
  color: var(--text-2);
}

.button.quiet:hover:not(:disabled) {
  background: var(--hover);
  color: var(--text);
}

.button.wide {
  width: 100%;
  min-height: 40px;
}

.button.small {
  min-height: 28px;
  padding: 0 10px;
  font-size: 13px;
}

.button.primary:disabled,
.button.danger:disabled {
  opacity: 0.6;
  color: var(--on-accent);
}

.icon-button {
  display: inline-grid;
  place-items: center;
  width: 34px;
  height: 34px;
  padding: 0;
  border: 0;
  border-radius: var(--radius);
  background: transparent;
  color: var(--text-2);
}

.icon-button:hover {
  background: var(--hover);
  color: var(--text);
}

.icon-button svg,
.button svg,
.search svg {
  width: 18px;
  height: 18px;
  fill: none;
  stroke: currentcolor;
  stroke-width: 1.6;
  stroke-linecap: round;
  stroke-linejoin: round;
}

.icon-button svg .filled {
  fill: currentcolor;
}

label {
  display: block;
  font-size: 13px;
  font-weight: 560;
}

label.inline {
  display: inline;
  font-weight: 400;
}

.optional {
  color: var(--text-3);
  font-weight: 400;
}

.input,
dialog input:not([type="radio"], [type="checkbox"], .away) {
  width: 100%;
  min-height: 36px;
  padding: 0 10px;
  border: 1px solid var(--line-strong);
  border-radius: var(--radius);
  background: var(--surface);
}

.input::placeholder,
dialog input::placeholder {
  color: var(--text-3);
}

.input:focus-visible,
dialog input:focus-visible {
  border-color: var(--accent);
  outline: 2px solid color-mix(in srgb, var(--accent) 45%, transparent);
  outline-offset: 0;
}

select.input {
  padding-right: 6px;
}

dialog {
  width: min(440px, calc(100vw - 32px));
  max-height: calc(100dvh - 32px);
  padding: 0;
  border: 1px solid var(--line);
  border-radius: 14px;
  background: var(--raised);
  color: var(--text);
  box-shadow: var(--shadow-2);
}

dialog::backdrop {
  background: var(--veil);
}

dialog[open] {
  animation: rise 140ms ease-out;
}

@keyframes rise {
  from {
    opacity: 0;
    transform: translateY(6px);
  }
}

dialog form,
.dialog-in {
  display: grid;
  gap: var(--s2);
  padding: var(--s5);
}

dialog h2 {
  font-size: 17px;
}

dialog .about {
  margin-bottom: var(--s2);
  color: var(--text-2);
  overflow-wrap: anywhere;
}

dialog .field {
  display: grid;
  gap: var(--s1);
  margin-top: var(--s2);
}

dialog .actions {
  display: flex;
  justify-content: flex-end;
  gap: var(--s2);
  margin-top: var(--s4);
}

.error {
  color: var(--bad);
  font-size: 13px;
}

.error:empty {
  display: none;
}

.stepper {
  display: grid;
  grid-template-columns: 40px 1fr 40px;
  gap: var(--s2);
}

.stepper input {
  text-align: center;
}

.stepper .button {
  padding: 0;
  font-size: 18px;
}

.chips {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  margin-top: 2px;
}

.chip {
  min-height: 26px;
  padding: 0 10px;
  border: 1px solid var(--line);
  border-radius: 13px;
  background: transparent;
  color: var(--text-2);
  font-size: 12.5px;
}

.chip:hover {
  border-color: var(--line-strong);
  color: var(--text);
}

.outcome {
  display: grid;
  grid-template-columns: 1fr auto 1fr;
  gap: var(--s2);
  align-items: center;
  margin-top: var(--s3);
  padding: var(--s3) var(--s4);
  border-radius: var(--radius);
  background: var(--sunken);
}

.outcome > * {
  text-align: center;
}

.outcome span {
  display: block;
  color: var(--text-2);
  font-size: 12.5px;
}

.outcome b {
  font-size: 18px;
  line-height: 24px;
  font-weight: 620;
}

#sign-in {
  width: min(380px, calc(100vw - 32px));
}

#sign-in img {
  margin-bottom: var(--s2);
}

#sign-in .button {
  margin-top: var(--s3);
}

#sign-in label {
  margin-top: var(--s3);
}

.shortcuts {
  display: grid;
  grid-template-columns: auto 1fr;
  gap: var(--s2) var(--s4);
  margin: var(--s2) 0 0;
}

.shortcuts dt {
  white-space: nowrap;
}

@media (max-width: 720px) {
  .icon-button {
    width: 40px;
    height: 40px;
  }
}

"""####
}
