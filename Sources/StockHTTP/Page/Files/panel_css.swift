// Made by make page from Page/Web/panel.css. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let panel_css: StaticString = ####"""
/* The product, which comes in from the side; and messages. */
dialog.panel {
  width: min(620px, 100vw);
  height: 100dvh;
  max-width: none;
  max-height: none;
  overflow: hidden;
  margin: 0 0 0 auto;
  border-width: 0 0 0 1px;
  border-radius: 0;
  background: var(--surface);
}

dialog.panel[open] {
  display: flex;
  flex-direction: column;
  animation-name: slide;
}

/* What scrolls is this and not the dialog: messages in it stay where they are. */
.panel-body {
  flex: 1;
  min-height: 0;
  overflow-y: auto;
}

@keyframes slide {
  from {
    opacity: 0;
    transform: translateX(24px);
  }
}

.panel-head {
  display: flex;
  gap: var(--s3);
  align-items: flex-start;
  padding: var(--s4) var(--s5);
  border-bottom: 1px solid var(--line);
  background: var(--surface);
}

.panel-head > div {
  flex: 1;
  min-width: 0;
}

.panel-head h2 {
  overflow-wrap: anywhere;
}

.panel-head .icon-button {
  margin: -4px -8px 0 0;
}

.panel-part {
  padding: var(--s5);
  border-bottom: 1px solid var(--line);
}

.panel-part:last-child {
  border-bottom: 0;
}

.panel-part > h3 {
  display: flex;
  align-items: center;
  justify-content: space-between;
  gap: var(--s4);
  min-height: 32px;
  margin-bottom: var(--s3);
}

.facts {
  display: flex;
  flex-wrap: wrap;
  gap: 2px var(--s4);
  margin-top: 2px;
  color: var(--text-2);
  font-size: 13px;
}

.facts span {
  overflow-wrap: anywhere;
}

.totals {
  display: grid;
  grid-template-columns: repeat(3, 1fr);
}

.totals dt {
  color: var(--text-2);
  font-size: 13px;
}

.totals dd {
  font-size: 22px;
  line-height: 28px;
  font-weight: 620;
  letter-spacing: -0.02em;
}

.places {
  margin-top: var(--s4);
  border-top: 1px solid var(--line);
}

.panel-part > h3 .input {
  width: auto;
  max-width: 240px;
  min-height: 30px;
  border-color: var(--line);
  font-weight: 400;
}

.panel-part > .button {
  margin-top: var(--s3);
}

.place {
  padding: var(--s3) 0;
  border-top: 1px solid var(--line);
}

.place:first-child {
  border-top: 0;
}

.place:last-child {
  padding-bottom: 0;
}

.place-head {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: var(--s1) var(--s2);
}

.place-name {
  flex: 1;
  min-width: 120px;
  font-weight: 560;
  overflow-wrap: anywhere;
}

.place-bar {
  display: block;
  width: 100%;
  height: 10px;
  margin: var(--s2) 0 6px;
  border-radius: 5px;
  background: var(--sunken);
}

.place-bar .available {
  fill: var(--available);
}

.place-bar .reserved {
  fill: var(--reserved);
}

.place-figures {
  display: flex;
  flex-wrap: wrap;
  gap: 2px var(--s4);
  color: var(--text-2);
  font-size: 13px;
}

.place-figures span {
  display: inline-flex;
  align-items: center;
  gap: 6px;
}

.place-figures b {
  color: var(--text);
  font-weight: 600;
}

.steps {
  margin: 0;
  padding: 0;
  list-style: none;
}

.steps li {
  display: grid;
  grid-template-columns: 96px 1fr auto;
  gap: 0 var(--s3);
  padding: var(--s2) 0;
  border-top: 1px solid var(--line);
}

.steps li:first-child {
  border-top: 0;
}

.steps .why {
  grid-column: 2 / -1;
  color: var(--text-2);
  font-size: 13px;
  overflow-wrap: anywhere;
}

/* Toasts. */
.toasts {
  position: fixed;
  right: var(--s5);
  bottom: var(--s5);
  z-index: 60;
  display: grid;
  gap: var(--s2);
  justify-items: end;
  width: min(420px, calc(100vw - 32px));
  margin: 0;
  padding: 0;
  border: 0;
  inset: auto var(--s5) var(--s5) auto;
  background: transparent;
  overflow: visible;
}

.toast {
  display: flex;
  align-items: center;
  gap: var(--s3);
  max-width: 100%;
  padding: 10px var(--s2) 10px var(--s4);
  border-radius: 10px;
  background: #22262f;
  color: #f4f5f8;
  box-shadow: var(--shadow-2);
  animation: rise 160ms ease-out;
}

.toast p {
  min-width: 0;
  overflow-wrap: anywhere;
}

.toast.bad {
  background: #7d1d18;
}

.toast button {
  min-height: 28px;
  padding: 0 10px;
  border: 0;
  border-radius: 6px;
  background: transparent;
  color: #b9c2ff;
  font-weight: 600;
  white-space: nowrap;
}

.toast.bad button {
  color: #ffd9d6;
}

.toast button:hover {
  background: rgb(255 255 255 / 12%);
}

.toast button:focus-visible {
  outline-color: #b9c2ff;
}

@media (max-width: 720px) {
  .toasts {
    right: var(--s4);
    bottom: var(--s4);
  }

  .panel-head,
  .panel-part {
    padding-right: var(--s4);
    padding-left: var(--s4);
  }

  .place-name {
    flex-basis: 100%;
  }

  .place-head .button {
    min-height: 36px;
  }
}

"""####
}
