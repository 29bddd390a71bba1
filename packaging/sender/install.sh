#!/bin/sh
# Installs sms-sender on a Debian modem host from this folder alone: no network is used.
#   ./install.sh               install, or upgrade what is there (the configuration is kept)
#   ./install.sh --uninstall   remove it; configuration and journal stay
#   ./install.sh --uninstall --purge   remove those too: what was sent can then no longer be proved
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
user=sms-sender
home=/opt/sms-sender
etc=/etc/sms-sender
state=/var/lib/sms-sender
unit=/etc/systemd/system/sms-sender.service
rules=/etc/udev/rules.d/78-sms-sender.rules
command=/usr/local/bin/sms-sender

say() { printf 'install: %s\n' "$*"; }
die() { printf 'install: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
booted() { [ -d /run/systemd/system ] && has systemctl; }

reload() {
    if booted; then systemctl daemon-reload; fi
    if [ -d /run/udev ] && has udevadm; then
        udevadm control --reload || true
        udevadm trigger --subsystem-match=tty --action=change || true
    fi
}

uninstall() {
    if booted; then
        systemctl disable --now sms-sender.service 2>/dev/null || true
    elif has systemctl; then
        systemctl disable sms-sender.service 2>/dev/null || true
    fi
    rm -f "$unit" "$rules" "$command"
    rm -rf "$home"
    reload
    if [ "$purge" = yes ]; then
        rm -rf "$etc" "$state"
        if getent passwd "$user" >/dev/null; then userdel "$user"; fi
        say "removed, with its configuration and its journal"
    else
        say "removed; $etc and $state stay (--uninstall --purge removes them)"
    fi
}

# A Python that the wheels in this folder fit.
find_python() {
    for python in python3 python3.11 python3.13; do
        if has "$python" && "$python" -c '
import sys, venv
sys.exit(sys.version_info[:2] not in ((3, 11), (3, 13)))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    die "Python 3.11 (Debian 12) or 3.13 (Debian 13) is needed: apt install python3"
}

make_user() {
    if ! getent passwd "$user" >/dev/null; then
        useradd --system --user-group --home-dir "$state" --no-create-home \
            --shell /usr/sbin/nologin "$user"
    fi
    getent group dialout >/dev/null || groupadd --system dialout
    usermod --append --groups dialout "$user"
}

# Each version has a folder of its own; the link changes only when the new one is whole.
make_venv() {
    python=$(find_python)
    fresh=$home/$(date -u +%Y%m%dT%H%M%S)-$$
    install -d -m 755 "$home"
    trap 'rm -rf "$fresh"' EXIT
    "$python" -m venv --without-pip "$fresh"
    for pip in "$here"/wheels/pip-*.whl; do
        "$fresh/bin/python" "$pip/pip" --isolated install --quiet --no-index \
            --no-cache-dir --disable-pip-version-check --no-warn-script-location --root-user-action ignore \
            --find-links "$here/wheels" smsswitch
    done
    "$fresh/bin/sms-sender" --help >/dev/null
    trap - EXIT
    ln -s "$fresh" "$home/venv.new"
    mv -T "$home/venv.new" "$home/venv"
    install -d -m 755 "$(dirname "$command")"
    ln -sfn "$home/venv/bin/sms-sender" "$command"
}

drop_old_versions() {
    current=$(readlink "$home/venv")
    for folder in "$home"/2*; do
        if [ "$folder" != "$current" ]; then rm -rf "$folder"; fi
    done
}

make_configuration() {
    install -d -m 750 -o root -g "$user" "$etc"
    install -d -m 700 -o "$user" -g "$user" "$state"
    if [ -e "$etc/sender.toml" ]; then
        say "$etc/sender.toml is kept"
    else
        install -m 640 -o root -g "$user" "$here/sender.toml" "$etc/sender.toml"
    fi
    install -d -m 755 "$(dirname "$unit")" "$(dirname "$rules")"
    install -m 644 "$here/sms-sender.service" "$unit"
    install -m 644 "$here/78-sms-sender.rules" "$rules"
}

start() {
    if has systemctl; then systemctl --quiet enable sms-sender.service; fi
    if ! booted; then
        say "systemd does not run here: the service starts with the computer"
    elif [ -s "$state/server" ]; then
        systemctl restart sms-sender.service
    else
        systemctl try-restart sms-sender.service
    fi
}

purge=no
task=install
for argument in "$@"; do
    case $argument in
        --uninstall) task=uninstall ;;
        --purge) purge=yes ;;
        *) die "unknown option $argument; --uninstall [--purge]" ;;
    esac
done
if [ "$purge" = yes ] && [ "$task" = install ]; then die "--purge goes with --uninstall"; fi
[ "$(id -u)" = 0 ] || die "must be run by root"
if [ "$task" = uninstall ]; then
    uninstall
    exit 0
fi
(cd "$here" && sha256sum --check --quiet --strict SHA256SUMS) || die "this folder is damaged"
make_user
make_venv
make_configuration
reload
start
drop_old_versions
say "$("$command" --version) installed"
printf 'MAC to enrol: %s\n' "$("$command" mac)"
cat <<END
next: at the centre        smsswitch groups add (with this MAC); it prints the server's address once
      on this computer     sms-sender connect ADDRESS && systemctl restart sms-sender
      to check             sms-sender doctor
END
