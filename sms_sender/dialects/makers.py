"""The families of modems that are known to differ."""

from sms_sender.dialects.dialect import Dialect

MAKERS = (
    # ^CURC=0 stops the ^RSSI and ^BOOT lines that come every few seconds.
    Dialect("huawei", ("huawei",), init=("AT^CURC=0",), iccid=("AT^ICCID?", "AT+CCID")),
    Dialect("zte", ("zte",), init=("AT+ZOPRT=5",), iccid=("AT+ZGETICCID", "AT+CCID")),
    Dialect("quectel", ("quectel",), iccid=("AT+QCCID", "AT+CCID")),
    Dialect("simcom", ("simcom", "sim800", "sim900"), notify=("2,1,0,1,0", "2,1,0,0,0")),
    Dialect("telit", ("telit",), iccid=("AT#CCID", "AT+CCID")),
)
