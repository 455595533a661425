"""通知渠道: beside the inbox, e-mail and SMS: where to, what for, when, and how it went."""
