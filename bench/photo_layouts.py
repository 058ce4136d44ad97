"""Several photos in one picture, as they turn up: a telephone's gallery, a collage, a page of text."""

from __future__ import annotations

import cv2
import numpy as np

from bench.leak_attacks import Pixels, jpeg
from seifas.darkroom.imaging.scaling import shrunk, within


def gallery(pictures: list[Pixels]) -> Pixels:
    made = np.full((1900, 1080, 3), 250, np.uint8)
    cv2.putText(made, "Albumas", (40, 120), cv2.FONT_HERSHEY_SIMPLEX, 2, (30, 30, 30), 3)
    for number, picture in enumerate(pictures):
        side = min(picture.shape[:2])
        top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
        tile = cv2.resize(picture[top : top + side, left : left + side], (352, 352), interpolation=cv2.INTER_AREA)
        y, x = 200 + number // 3 * 364, 6 + number % 3 * 358
        made[y : y + 352, x : x + 352] = tile
    return jpeg(made, 80)


def collage(pictures: list[Pixels]) -> Pixels:
    tiles = [cv2.resize(one, (700, 600), interpolation=cv2.INTER_AREA) for one in pictures]
    return jpeg(np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])]).astype(np.uint8), 75)


def page(pictures: list[Pixels]) -> Pixels:
    made = np.full((1754, 1240, 3), 255, np.uint8)
    for line in range(14):
        text = "Pacientei atlikta procedura, rezultatas geras, kontrole po menesio."
        cv2.putText(made, text, (100, 140 + line * 40), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2)
    for number, picture in enumerate(pictures):
        small = shrunk(picture, *within(picture.shape[1], picture.shape[0], 500))
        made[800 : 800 + small.shape[0], 80 + number * 560 : 80 + number * 560 + small.shape[1]] = small
    return jpeg(made, 70)
