"""The API and the rules of 山东惠才卡."""
