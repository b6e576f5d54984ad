// The document that LuCI's dispatcher and its theme Bootstrap write around a view, and the menu that it comes with.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../lab/checkout.ts';

export interface FrameOptions {
  /** Path below admin: `vpn/ikev2/overview`. */
  readonly page: string;
  /** Name of the view: `ikev2/overview`. */
  readonly view: string;
  readonly session: string;
  readonly language: string;
  readonly darkMode: boolean;
  readonly isReadOnly: boolean;
}

export function frame(options: FrameOptions): string {
  const { page, view, session, language, darkMode, isReadOnly } = options;
  const path = ['admin', ...page.split('/')];
  const environment = {
    media: '/luci-static/bootstrap',
    resource: '/luci-static/resources',
    scriptname: '/cgi-bin/luci',
    pathinfo: `/${path.join('/')}`,
    documentroot: '/www',
    requestpath: path,
    dispatchpath: path,
    pollinterval: 5,
    ubuspath: '/ubus/',
    sessionid: session,
    token: 'a'.repeat(32),
    nodespec: { satisfied: true, readonly: isReadOnly },
    ...{ apply_rollback: 90, apply_holdoff: 1, apply_timeout: 5, apply_display: 0.2 },
  };
  return `<!DOCTYPE html>
<html lang="${language}" data-darkmode="${darkMode}">
<head>
<meta charset="utf-8">
<title>router | IKEv2</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/luci-static/bootstrap/cascade.css">
<link rel="stylesheet" media="only screen and (max-device-width: 854px)" href="/luci-static/bootstrap/mobile.css">
<link rel="icon" href="data:,">
<script src="/cgi-bin/luci/admin/translations/${language}"></script>
<script src="/luci-static/resources/cbi.js"></script>
</head>
<body class="lang_${language}" data-page="${path.join('-')}">
<header><a class="brand" href="/">router</a>
<ul class="nav" id="topmenu" style="display:none"></ul><div id="indicators" class="pull-right"></div></header>
<main id="maincontent" class="container">
<div id="tabmenu" style="display:none"></div>
<script src="/luci-static/resources/luci.js?v=1"></script>
<script>L = new LuCI(${JSON.stringify(environment).replaceAll('/', '\\/')});</script>
<div id="view"><div class="spinning">…</div>
<script>L.require('ui').then(function(ui) { ui.instantiateView(${JSON.stringify(view)}); });</script>
</div>
</main>
<footer><span>Powered by nobody</span><ul class="breadcrumb pull-right" id="modemenu" style="display:none"></ul></footer>
<script>L.require('menu-bootstrap')</script>
</body></html>`;
}

interface MenuNode {
  readonly title: string;
  readonly order?: number;
  readonly action: { readonly type: string; readonly path?: string };
}
interface MenuTree extends Partial<MenuNode> {
  children?: Record<string, MenuTree>;
  satisfied?: boolean;
}

const menuFile = 'luci-app/root/usr/share/luci/menu.d/luci-app-ikev2.json';

export function menuEntries(): Readonly<Record<string, MenuNode>> {
  return JSON.parse(readFileSync(join(root, menuFile), 'utf8'));
}

/** As `admin/menu` answers. */
export function menuTree(): MenuTree {
  const tree: MenuTree = { children: {} };
  const parents = {
    admin: { title: 'Administration', action: { type: 'firstchild' } },
    'admin/vpn': { title: 'VPN', order: 70, action: { type: 'firstchild' } },
  };
  for (const [path, node] of Object.entries({ ...parents, ...menuEntries() })) {
    let at = tree;
    for (const name of path.split('/')) {
      at.children ??= {};
      at.children[name] ??= {};
      at = at.children[name];
    }
    Object.assign(at, node, { satisfied: true });
  }
  return tree;
}
