"""Which folders lie on other machines, by tables of mounts as Linux writes them."""

import pytest

from photochrom._system.mounts import is_remote

TABLE = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:40 / /mnt/nas rw,relatime shared:2 - nfs4 server:/scans rw,vers=4.2
41 40 8:17 / /mnt/nas/local rw,relatime - ext4 /dev/sdb1 rw
42 22 0:41 / /mnt/two\\040words rw master:3 - cifs //server/share rw
43 22 0:42 / /mnt/over rw - nfs server:/old rw
44 22 8:33 / /mnt/over rw - ext4 /dev/sdc1 rw
45 22 0:44 / /mnt/c rw - 9p drvfs rw
"""


@pytest.mark.parametrize(
    ("folder", "remote"),
    [
        ("/home/scans", False),
        ("/mnt/nas", True),
        ("/mnt/nas/1912", True),
        ("/mnt/nasty", False),
        ("/mnt/nas/local/1912", False),
        ("/mnt/two words/1912", True),
        ("/mnt/over", False),  # the later mount covers the earlier one
        ("/mnt/c/Users", True),
    ],
)
def test_a_folder_is_where_its_last_mount_is(folder, remote, tmp_path):
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    assert is_remote(folder, table) is remote


def test_without_a_table_nothing_is_known(tmp_path):
    assert not is_remote(tmp_path, tmp_path / "mountinfo")
