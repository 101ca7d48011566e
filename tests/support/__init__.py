"""What several tests share: photos, tiny networks, servers."""
