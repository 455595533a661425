"""超期预测: which promises will probably breach in the next five working days, and why so.

From each partner's own past alone: of its cases that had got as far, how many breached in the end.
"""
