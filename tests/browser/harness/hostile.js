// Names that try to be more than names.

export const CANARY = "canaryWasHere";

const SCRIPT = `<script>window.${CANARY}=1;alert(1);document.title='taken'</script>`;

export const NAMES = {
  script: SCRIPT,
  attribute: `"><img src=x onerror="window.${CANARY}=1">`,
  single: `' onmouseover='window.${CANARY}=1' x='`,
  template: "{{7*7}}${7*7}<%= 7*7 %>",
  link: `javascript:window.${CANARY}=1`,
  bidi: "\u202Eevil\u202C\u2066name\u2069",
  ansi: "\u001b[31mred\u001b[0m\u0007",
  entity: `&lt;script&gt;window.${CANARY}=1&lt;/script&gt;`,
  long: "x".repeat(10_000),
};
