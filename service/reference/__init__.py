"""办公室的基础数据表: what officials change, kept as versioned rows."""
