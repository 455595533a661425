"""服务申请 and its time."""
