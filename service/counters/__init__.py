"""服务网点: verifying and redeeming."""
