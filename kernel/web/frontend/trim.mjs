// Keeps of Tabler's stylesheet what the kit stands on: elements, grid, utilities, buttons, cards, tables, fields.
// A fixed list rather than a scan of templates, so that a plugin from outside the tree finds the same classes.

const families = [
  "container(-fluid|-xl)?", "row(-cards|-deck)?", "col(-(auto|[1-9]|1[0-2]))?", "col-(sm|md|lg|xl)(-(auto|[1-9]|1[0-2]))?",
  "g[xy]?-[0-5]", "d-(none|block|inline|inline-block|flex|inline-flex|grid)", "d-(sm|md|lg)-(none|block|flex|inline|table-cell)",
  "d-print-(none|block)", "flex-(row|column|wrap|nowrap|fill|grow-[01]|shrink-[01])", "justify-content-(start|end|center|between)",
  "align-(items|self)-(start|end|center|baseline|stretch)", "align-(top|middle|bottom|baseline)", "gap-[0-5]", "order-[0-5]",
  "[mp][tbsexy]?-([0-5]|auto)", "text-(start|end|center|nowrap|truncate|break|uppercase|secondary|muted|reset|danger|success|warning)",
  "text-decoration-none", "fw-(normal|medium|bold|semibold|light)", "fs-[1-6]", "h[1-6]", "small", "lead", "strong",
  "[wh]-(25|50|75|100|auto)", "mw-100", "border(-(0|top|bottom|start|end))?(-0)?", "rounded(-(0|1|2|3|circle|pill))?",
  "overflow-(auto|hidden|visible)", "position-(relative|absolute|sticky)", "sticky-top", "visually-hidden(-focusable)?",
  "list-(unstyled|inline|inline-item)", "btn", "btn-(primary|danger|sm|lg|icon|link|list|group)", "card", "card-(body|title|header|footer)",
  "table", "table-(sm|responsive|hover|vcenter|nowrap|borderless)", "badge", "form-(control|select|check|check-input|check-label|label|hint)",
  "form-(control|select)-sm", "input-group(-text)?", "is-invalid", "active", "disabled", "show", "img-fluid", "spinner-border(-sm)?",
];
const kept = new RegExp(`^(${families.join("|")})$`);

const wanted = (selector) =>
  !/\[(dir|data-bs-theme-)/.test(selector) &&
  [...selector.matchAll(/\.((?:\\.|[\w-])+)/g)].every(([, name]) => kept.test(name));

export const keepUsed = {
  postcssPlugin: "keep-used",
  Once(root) {
    root.walkComments((comment) => { if (!comment.text.startsWith("!")) comment.remove(); });
    root.walkRules((rule) => {
      if (rule.parent.type === "atrule" && /keyframes$/.test(rule.parent.name)) return;
      const selectors = rule.selectors.filter(wanted);
      if (selectors.length) rule.selectors = selectors;
      else rule.remove();
    });
    const used = root.toString();
    root.walkAtRules(/keyframes$/, (one) => { if (!new RegExp(`animation[^;]*\\b${one.params}\\b`).test(used)) one.remove(); });
    root.walkAtRules((one) => { if (one.nodes && one.nodes.length === 0) one.remove(); });
  },
};
