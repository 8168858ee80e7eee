"""What the display says in English (programme language 0)."""

# Why the supply is off, and what to do
FAULT = ("METER FAULT", "Call operator")
FAULT_SILENT = ("METER SILENT", "Call operator")
FAULT_IMPLAUSIBLE = ("METER READS ODD", "Call operator")
FAULT_ZERO = ("METER READS ZERO", "Call operator")
FAULT_FROZEN = ("METER FROZEN", "Call operator")
TAMPER = ("COVER OPENED", "Call operator")
OPERATOR = ("OFF BY OPERATOR", "Call operator")
WINDOW = ("SUPPLY HOURS END", "Please wait")
START = ("POWER IS BACK", "Please wait")
CONFIRM = ("READY", "Press button")
NO_CREDIT = "NO CREDIT"
RECHARGE = "Recharge"
TRIPS = "TOO MANY TRIPS"
OVERLOAD = "OVERLOAD"
WAIT_MIN = "Wait %d min"
WAIT_S = "Wait %d s"
PRESS = "Load off, press"

# News while the supply is on
LOW_CREDIT = "LOW CREDIT"
RECHARGE_DUE = "RECHARGE DUE"
DAYS_LATE = "%d days late"
LOAN = "LOAN: HOLD 3 s"
LOAN_OPEN = "Loan to repay"
SAFE_MODE = ("SAFE MODE", "Call operator")
STORE_FAULT = ("MEMORY FAULT", "Call operator")
RELAY_STUCK = ("RELAY STUCK", "Call operator")
GENERATOR = "GENERATOR"
LIMIT_LOWERED = "LIMIT LOWERED"
SUPPLY_ENDS = "SUPPLY ENDS"
IN_MINUTES = "in %d min"

# Pages that turn
LOAD = "%d/%d W"
BALANCE = "Bal"
LOW = "LOW"
DAYS = "%d days"
DAYS_LEFT = "About %d days"
LAST_DAY = "Under one day"
USE_UNKNOWN = "Use not known"
POSTPAID = "Postpaid"
PAID_UNTIL = "Paid until"
LIMIT = "Limit %d W"
TOTAL = "Total"
LAST_CODE = "Last token"
NONE = "none"

# The keypad
ENTRY_WRONG = ("WRONG NUMBER", "20 digits then #")
ENTRY_NO_CODE = ("NO SUCH CODE", "001# to 006#")
TOKEN_REFUSED = ("TOKEN REFUSED", "Not supported")
TOKEN_TAKEN = ("TOKEN ACCEPTED", "Done")
TOKEN_WRONG = ("TOKEN REFUSED", "Check digits")
TOKEN_USED = ("TOKEN REFUSED", "Used already")
TOKEN_OLD = ("TOKEN REFUSED", "Too old")
TOKEN_OVERFLOW = ("TOKEN REFUSED", "Balance too high")
TOKEN_EXPIRED = ("TOKEN REFUSED", "Key expired")
TOKEN_KEY_PART = ("KEY TOKEN TAKEN", "Enter the next")
TOKEN_UNIT = ("TOKEN REFUSED", "Wrong unit")
TOKEN_KEY_FIRST = ("TOKEN REFUSED", "Key tokens first")
TOKEN_NOT_KEPT = ("TOKEN REFUSED", "Memory fault")
LOCKED = "ENTRY LOCKED"
