"""办理单位: agencies, their counters, their routes and their feed."""
