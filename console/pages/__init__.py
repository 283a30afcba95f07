"""The pages, one file each. A new page adds its router here, and its line to `console/navigation.py`."""

from console.pages import account, login, overview

ROUTERS = (login.router, account.router, overview.router)
