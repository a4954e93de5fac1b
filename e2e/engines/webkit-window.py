#!/usr/bin/python3
"""A browser of WebKitGTK for WebKitWebDriver. Its profile outlives it, which that of the stock MiniBrowser does not.

usage: webkit-window.py PROFILE

PROFILE/pid names the process, so that it can be killed.
"""

import os
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402: the versions have to be said first

profile = sys.argv[1]
data = WebKit2.WebsiteDataManager(
    base_data_directory=os.path.join(profile, "data"),
    base_cache_directory=os.path.join(profile, "cache"),
)
context = WebKit2.WebContext.new_with_website_data_manager(data)
context.get_cookie_manager().set_persistent_storage(
    os.path.join(profile, "cookies.sqlite"), WebKit2.CookiePersistentStorage.SQLITE
)


def open_view(*_):
    view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True)
    window = Gtk.Window(default_width=1024, default_height=768)
    window.add(view)
    window.show_all()
    view.connect("close", lambda _: window.destroy())
    return view


def on_session(_, session):
    info = WebKit2.ApplicationInfo()
    info.set_name("webkit-window")
    info.set_version(WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
    session.set_application_info(info)
    session.connect("create-web-view", open_view)


context.set_automation_allowed(True)
context.connect("automation-started", on_session)
os.makedirs(profile, exist_ok=True)
with open(os.path.join(profile, "pid"), "w", encoding="ascii") as file:
    file.write(str(os.getpid()))
Gtk.main()
