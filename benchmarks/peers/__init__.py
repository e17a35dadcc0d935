"""Those that are measured side by side: one folder each, with its configuration and script."""

from peers.nginx.peer import Nginx
from peers.nginx_lua.peer import NginxLua
from peers.postgres.peer import Postgres
from peers.redis.peer import Redis
from peers.stock.peer import Stock
from peers.webdis.peer import Webdis

ALL = (Nginx, Stock, Webdis, NginxLua, Redis, Postgres)
