"""Pure functions on pixels: arrays of uint8, height x width x 3, in the order blue, green, red. No files, no keys."""

import cv2

# Pictures are worked on side by side by threads of ours, each on one core. And OpenCV's own threads would not live on
# in a forked process, which would then wait for them for ever.
cv2.setNumThreads(1)
