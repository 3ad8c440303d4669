# shellcheck shell=bash
# Chromium for the browser tests, and a font with Chinese characters for their pictures.

setup_browser() {
    if [ -n "${WCW_BROWSER:-}" ]; then
        [ -x "$WCW_BROWSER" ] || fail "WCW_BROWSER=$WCW_BROWSER is not an executable"
        return
    fi
    local missing=()
    [ -x /usr/bin/chromium ] || missing+=(chromium)
    fc-list :lang=zh 2>/dev/null | grep -q . || missing+=(fontconfig fonts-noto-cjk)
    if [ -n "${WCW_LONG:-}" ]; then # the other browser engines, for the conformance page
        command -v firefox-esr >/dev/null || missing+=(firefox-esr)
        command -v WebKitWebDriver >/dev/null || missing+=(webkit2gtk-driver)
        command -v Xvfb >/dev/null || missing+=(xvfb)
    fi
    [ ${#missing[@]} = 0 ] && return
    if can_apt; then
        apt_install "${missing[@]}"
    elif [ ! -x /usr/bin/chromium ]; then
        fail "the browser tests need Chromium or Chrome: give its path with WCW_BROWSER=/path/to/chrome (a font with Chinese characters helps the pictures)"
    fi
}
