"""1,000 rotations of every kind: 0 lost, 0 double."""
import os
import random

from sensor import Sensor, wait_for
from test_exactly_once import hold_against, newest, settled
from writer import Writer

ROTATIONS = int(os.environ.get("VEDETTE_ROTATIONS", "1000"))


def test_rotations_of_mixed_kinds_lose_and_double_nothing():
    chance = random.Random(15)
    with Sensor() as sensor:
        sensor.start()
        writer = Writer(sensor.logs / "app.log")

        def drained():
            return newest(sensor, 300) >= set(range(writer.first, writer.count))

        for n in range(ROTATIONS):
            writer.write(chance.randrange(1, 40))
            kind = n % 10
            if kind == 9 and n % 50 == 49:
                # Stopped over two rotations, the older one compressed.
                sensor.stop()
                writer.rename_and_gzip()
                writer.write(7)
                writer.rename()
                writer.write(3)
                sensor.start()
                wait_for(drained)
            elif kind == 4:
                wait_for(drained)
                writer.copytruncate()
            elif kind == 6:
                wait_for(drained)
                writer.rename_and_gzip()
            else:
                writer.rename()
        writer.write(5)
        writer.stopped.set()
        hold_against(settled(sensor, writer.count), writer.count)
        print(f"{writer.rotations} rotations")
