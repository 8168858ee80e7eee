"""What the display says in Hindi, in Latin letters (programme language 1)."""

# Why the supply is off, and what to do
FAULT = ("METER KHARAB", "Operator bulayen")
FAULT_SILENT = ("METER CHUP HAI", "Operator bulayen")
FAULT_IMPLAUSIBLE = ("METER MEIN GALTI", "Operator bulayen")
FAULT_ZERO = ("METER SHUNYA HAI", "Operator bulayen")
FAULT_FROZEN = ("METER ATKA HAI", "Operator bulayen")
TAMPER = ("DHAKKAN KHULA", "Operator bulayen")
OPERATOR = ("OPERATOR SE BAND", "Operator bulayen")
WINDOW = ("BIJLI SAMAY PURA", "Kripya rukiye")
START = ("BIJLI AA GAYI", "Kripya rukiye")
CONFIRM = ("TAIYAR HAI", "Button dabaiye")
NO_CREDIT = "PAISA KHATAM"
RECHARGE = "Recharge"
TRIPS = "BAR BAR TRIP"
OVERLOAD = "ADHIK"
WAIT_MIN = "Rukiye %d min"
WAIT_S = "Rukiye %d s"
PRESS = "Load ghata,dabao"

# News while the supply is on
LOW_CREDIT = "PAISA KAM HAI"
RECHARGE_DUE = "RECHARGE BAKI"
DAYS_LATE = "%d din der"
LOAN = "UDHAR: 3s DABAO"
LOAN_OPEN = "Udhar baki hai"
SAFE_MODE = ("SURAKSHA MODE", "Operator bulayen")
STORE_FAULT = ("MEMORY KHARAB", "Operator bulayen")
RELAY_STUCK = ("RELAY ATKA HAI", "Operator bulayen")
GENERATOR = "GENERATOR"
LIMIT_LOWERED = "SEEMA KAM HUI"
SUPPLY_ENDS = "BIJLI BAND HOGI"
IN_MINUTES = "%d min mein"

# Pages that turn
LOAD = "%d/%d W"
BALANCE = "Baki"
LOW = "KAM"
DAYS = "%d din"
DAYS_LEFT = "Lagbhag %d din"
LAST_DAY = "Ek din se kam"
USE_UNKNOWN = "Khapat pata nahi"
POSTPAID = "Bill se bhugtan"
PAID_UNTIL = "Bhugtan tak"
LIMIT = "Seema %d W"
TOTAL = "Kul"
LAST_CODE = "Pichhla token"
NONE = "koi nahi"

# The keypad
ENTRY_WRONG = ("GALAT NUMBER", "20 ank phir #")
ENTRY_NO_CODE = ("AISA CODE NAHI", "001# se 006#")
TOKEN_REFUSED = ("TOKEN NAMANJOOR", "Suvidha nahi hai")
TOKEN_TAKEN = ("TOKEN SWEEKAR", "Ho gaya")
TOKEN_WRONG = ("TOKEN NAMANJOOR", "Ank jaanchiye")
TOKEN_USED = ("TOKEN NAMANJOOR", "Pehle hi dala")
TOKEN_OLD = ("TOKEN NAMANJOOR", "Bahut purana")
TOKEN_OVERFLOW = ("TOKEN NAMANJOOR", "Baki bahut zyada")
TOKEN_EXPIRED = ("TOKEN NAMANJOOR", "Kunji purani")
TOKEN_KEY_PART = ("KUNJI TOKEN LIYA", "Agla daliye")
TOKEN_UNIT = ("TOKEN NAMANJOOR", "Galat ikai")
TOKEN_KEY_FIRST = ("TOKEN NAMANJOOR", "Pehle kunji")
TOKEN_NOT_KEPT = ("TOKEN NAMANJOOR", "Memory kharab")
LOCKED = "TOKEN BAND HAI"
