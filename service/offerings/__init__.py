"""服务事项: what can be asked for or redeemed, and the tables that officials change."""
