"""办卡申请: from draft to issued."""
